//! A hash that is the same on every machine and in every version: FNV-1a, 64 bits.
//!
//! Must not know: what is hashed.

/// FNV-1a of `bytes`; constants from <http://www.isthe.com/chongo/tech/comp/fnv/>.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    fnv1a_of([bytes])
}

/// The same of all parts together, as if they were one text.
pub(crate) fn fnv1a_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let bytes = parts.into_iter().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_gives_the_published_test_values() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fnv1a_of(["foo", "", "bar"].map(str::as_bytes)), 0x8594_4171_f739_67e8);
    }
}
