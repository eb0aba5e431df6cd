//! Fields of a protobuf message, one after the other.
//!
//! Law: nothing is read beyond the bytes given; what breaks off is `None`, and so is what the encoding does not know.

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number.
    Number(u64),
    /// Bytes: words, a message, or numbers one after the other.
    Bytes(&'a [u8]),
    /// Four or eight bytes that nothing here reads.
    Other,
}

/// The fields of a message.
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Those of some bytes.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = number(&mut self.rest)?;
        let value = match key & 7 {
            0 => Value::Number(number(&mut self.rest)?),
            2 => {
                let length = usize::try_from(number(&mut self.rest)?).ok()?;
                Value::Bytes(self.taken(length)?)
            }
            1 => self.taken(8).map(|_| Value::Other)?,
            5 => self.taken(4).map(|_| Value::Other)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn taken(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Seven bits a byte, the lowest first.
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Numbers one after the other.
pub fn packed(mut bytes: &[u8]) -> Option<Vec<u64>> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        numbers.push(number(&mut bytes)?);
    }
    Some(numbers)
}

/// A number whose lowest bit is its sign.
pub fn signed(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_as_they_were_written_and_what_breaks_off_is_nothing() {
        let message = [0x08, 0x96, 0x01, 0x12, 0x02, b'a', b'b', 0x1d, 1, 2, 3, 4];
        let fields: Vec<_> = Fields::of(&message).collect();
        assert_eq!(
            fields,
            [Some((1, Value::Number(150))), Some((2, Value::Bytes(b"ab"))), Some((3, Value::Other))]
        );
        for end in [1, 2, 4, 6, 9] {
            assert_eq!(Fields::of(&message[..end]).last(), Some(None), "{end}");
        }
        assert_eq!(Fields::of(&[0xff; 20]).last(), Some(None));
        assert_eq!([0, 1, 2, 3].map(signed), [0, -1, 1, -2]);
    }
}
