//! How long the hot paths take, for a batch of 200 records.
//!
//! Must not know: what they do.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use measured::hot::{Batch, Path};

fn hot_paths(criterion: &mut Criterion) {
    let batch = Batch::new().expect("the batch is made of names that fit");
    let mut group = criterion.benchmark_group("hot");
    group.throughput(Throughput::Elements(200));
    for path in Path::ALL {
        group.bench_function(path.name(), |bencher| bencher.iter(|| black_box(&batch).take(path)));
    }
    group.finish();
}

criterion_group!(benches, hot_paths);
criterion_main!(benches);
