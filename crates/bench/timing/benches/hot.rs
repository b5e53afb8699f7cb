//! How long the hot paths take, for a batch of 200 records.
//!
//! Must not know: what they do.

use criterion::{Criterion, criterion_group, criterion_main};
use measured::hot::{Batch, Path};

fn hot_paths(criterion: &mut Criterion) {
    let batch = Batch::new().expect("the batch is made of names that fit");
    for path in Path::ALL {
        criterion.bench_function(path.name(), |bencher| bencher.iter(|| std::hint::black_box(&batch).take(path)));
    }
}

criterion_group!(benches, hot_paths);
criterion_main!(benches);
