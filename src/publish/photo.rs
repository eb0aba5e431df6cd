//! Pictures for a page: tones packed as JPEG, and a PNG packed anew the same way.
//!
//! In:  rows of red, green, blue; or a PNG. Out: JPEG, always packed the same way.
//! Law: a picture that cannot be read is an error, never an empty one.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat, ImageReader, Limits};

/// Largest side of a picture that is packed anew, in pixels, and the memory that it may take: files may lie.
const MOST_SIDE: u32 = 8192;
const MOST_BYTES: u64 = 256 << 20;

/// Packs rows of red, green, blue, 8 bits each. `quality` is 1 to 100.
///
/// # Errors
/// What the packer says, for example that the tones are not as many as the sides ask for.
pub fn jpeg(tones: &[u8], (width, height): (u32, u32), quality: u8) -> Result<Vec<u8>, String> {
    let expected = u64::from(width) * u64::from(height) * 3;
    if tones.len() as u64 != expected {
        return Err(format!("expected {expected} tones, found {}", tones.len()));
    }
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    encoder.encode(tones, width, height, ExtendedColorType::Rgb8).map_err(|error| error.to_string())?;
    Ok(bytes)
}

/// Packs a PNG as JPEG.
///
/// # Errors
/// What is wrong with it.
pub fn jpeg_of_png(png: &[u8], quality: u8) -> Result<Vec<u8>, String> {
    let mut reader = ImageReader::with_format(Cursor::new(png), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| error.to_string())?.into_rgb8();
    jpeg(picture.as_raw(), picture.dimensions(), quality)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::canvas::Canvas;

    #[test]
    fn a_png_becomes_the_same_jpeg_each_time_and_what_is_none_is_refused() {
        let png = Canvas::new(40, 30, [200, 100, 50]).png().unwrap();
        let once = jpeg_of_png(&png, 85).unwrap();
        assert_eq!(once, jpeg_of_png(&png, 85).unwrap());
        assert_eq!(&once[..3], &[0xff, 0xd8, 0xff]);
        assert!(jpeg_of_png(&png[..40], 85).is_err() && jpeg(&[1, 2, 3], (2, 2), 85).is_err());
    }
}
