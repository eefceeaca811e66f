//! Splits changes of members into batches, so no request is too long for a server.

/// The maximum number of members in a request.
const MOST: usize = 500;
/// The maximum number of bytes for the members of a request. The rest of the request still fits into one megabyte.
const LONGEST: usize = 900_000;
/// The maximum number of bytes around an id in a request.
const AROUND: usize = 96;

/// Splits a list into batches that each fit into one request. `length` gives the length of an item's id in JSON.
pub fn chunks<T>(items: Vec<T>, length: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut chunks: Vec<Vec<T>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let long = length(&item) + AROUND;
        if let Some(chunk) = chunks.last_mut().filter(|chunk| chunk.len() < MOST && bytes + long <= LONGEST) {
            bytes += long;
            chunk.push(item);
        } else {
            bytes = long;
            chunks.push(vec![item]);
        }
    }
    chunks
}

/// Both halves of a batch that a server did not accept; `None` where it cannot be halved.
pub fn halves<T>(mut chunk: Vec<T>) -> Option<[Vec<T>; 2]> {
    if chunk.len() < 2 {
        return None;
    }
    let rest = chunk.split_off(chunk.len() / 2);
    Some([chunk, rest])
}

#[cfg(test)]
mod tests {
    use super::{chunks, halves};

    #[track_caller]
    fn check(lengths: &[usize], pieces: &[usize]) {
        let found = chunks(lengths.to_vec(), |length| *length);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), pieces);
        assert_eq!(found.concat(), lengths);
        for piece in found.iter().filter(|piece| piece.len() > 1) {
            assert!(piece.iter().map(|length| length + 96).sum::<usize>() <= 1_000_000);
        }
    }

    #[test]
    fn pieces_are_short_in_members_and_in_bytes() {
        check(&[], &[]);
        check(&[38; 500], &[500]);
        check(&[38; 1_201], &[500, 500, 201]);
        check(&[400_000, 400_000, 400_000], &[2, 1]);
        check(&[2_000_000, 1], &[1, 1]);
    }

    #[test]
    fn a_piece_is_halved_until_one_is_left() {
        assert_eq!(halves(vec![1, 2, 3]), Some([vec![1], vec![2, 3]]));
        assert_eq!(halves(vec![1]), None);
        assert_eq!(halves(Vec::<u8>::new()), None);
    }
}
