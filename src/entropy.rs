//! Shannon entropy of a value.

/// Bits per byte: 0 for one repeated character, 4 for evenly spread hex digits, at most 8.
pub(crate) fn bits_per_byte(value: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of a secret's bytes are small")]
    let share = |count: u32| count as f32 / value.len() as f32;
    counts.iter().filter(|count| **count > 0).map(|count| -share(*count) * share(*count).log2()).sum()
}

/// How many different bytes there are.
pub(crate) fn distinct(value: &[u8]) -> usize {
    let mut seen = [false; 256];
    for byte in value {
        seen[usize::from(*byte)] = true;
    }
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_of_known_values() {
        assert!(bits_per_byte(b"").abs() < 1e-6);
        assert!(bits_per_byte(b"aaaa").abs() < 1e-6);
        assert!((bits_per_byte(b"0123456789abcdef") - 4.0).abs() < 1e-6);
        assert!((bits_per_byte(b"aabb") - 1.0).abs() < 1e-6);
        assert_eq!(distinct(b"abca"), 3);
    }
}
