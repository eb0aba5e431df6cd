//! A picture to draw on: strips, bitmap letters, lines. Integers only, so the bytes are the same anywhere.
//!
//! Out: an RGB image. Whatever lies outside the picture is not drawn.

use font8x8::legacy::BASIC_LEGACY;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageError, Rgb, RgbImage};

/// Width and height of a letter at scale 1, in pixels.
pub(crate) const LETTER: u32 = 8;

/// A picture in the making.
pub(crate) struct Canvas {
    image: RgbImage,
}

impl Canvas {
    /// A picture of one colour.
    pub(crate) fn new(width: u32, height: u32, colour: [u8; 3]) -> Self {
        Self { image: RgbImage::from_pixel(width, height, Rgb(colour)) }
    }

    /// A picture that is there already.
    pub(crate) fn of(image: RgbImage) -> Self {
        Self { image }
    }

    /// Width in pixels.
    pub(crate) fn width(&self) -> u32 {
        self.image.width()
    }

    /// Height in pixels.
    pub(crate) fn height(&self) -> u32 {
        self.image.height()
    }

    /// Sets one pixel, if it lies inside.
    pub(crate) fn dot(&mut self, x: i64, y: i64, colour: [u8; 3]) {
        let inside = |value: i64, size: u32| u32::try_from(value).ok().filter(|value| *value < size);
        if let (Some(x), Some(y)) = (inside(x, self.width()), inside(y, self.height())) {
            self.image.put_pixel(x, y, Rgb(colour));
        }
    }

    /// Fills a rectangle.
    pub(crate) fn fill(&mut self, (x, y): (i64, i64), (width, height): (u32, u32), colour: [u8; 3]) {
        for row in 0..i64::from(height) {
            for col in 0..i64::from(width) {
                self.dot(x + col, y + row, colour);
            }
        }
    }

    /// Writes text; letters outside ASCII become `?`. Returns the x after the last letter.
    pub(crate) fn text(&mut self, (x, y): (i64, i64), scale: u32, colour: [u8; 3], text: &str) -> i64 {
        let step = i64::from(scale * LETTER);
        let mut left = x;
        for letter in text.chars() {
            let code = if letter.is_ascii_graphic() || letter == ' ' { letter } else { '?' };
            let rows = BASIC_LEGACY.get(code as usize).copied().unwrap_or_default();
            for (row, bits) in (0_i64..).zip(rows) {
                for col in (0..8_i64).filter(|col| bits >> col & 1 == 1) {
                    let at = (left + col * i64::from(scale), y + row * i64::from(scale));
                    self.fill(at, (scale, scale), colour);
                }
            }
            left += step;
        }
        left
    }

    /// Draws a line with a square pen of `pen` pixels.
    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: u32, colour: [u8; 3]) {
        let length = (to.0 - from.0).abs().max((to.1 - from.1).abs());
        let steps = length.ceil().max(1.0);
        let mut step = 0.0;
        while step <= steps {
            let share = step / steps;
            let x = from.0 + (to.0 - from.0) * share;
            let y = from.1 + (to.1 - from.1) * share;
            // Floor, not round: halves must fall the same way on both sides of zero.
            let reach = f64::from(pen) / 2.0 - 0.5;
            self.fill(((x - reach).floor() as i64, (y - reach).floor() as i64), (pen, pen), colour);
            step += 1.0;
        }
    }

    /// Puts another picture onto this one.
    pub(crate) fn put(&mut self, other: &Canvas, (x, y): (i64, i64)) {
        for (col, row, colour) in other.image.enumerate_pixels() {
            self.dot(x + i64::from(col), y + i64::from(row), colour.0);
        }
    }

    /// The picture as PNG, always packed the same way.
    pub(crate) fn png(&self) -> Result<Vec<u8>, ImageError> {
        let mut bytes = Vec::new();
        let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Adaptive);
        encoder.write_image(self.image.as_raw(), self.width(), self.height(), ExtendedColorType::Rgb8)?;
        Ok(bytes)
    }

    /// The picture as JPEG, smaller and not to the last tone.
    pub(crate) fn jpeg(&self, quality: u8) -> Result<Vec<u8>, ImageError> {
        let mut bytes = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
        encoder.write_image(self.image.as_raw(), self.width(), self.height(), ExtendedColorType::Rgb8)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_is_not_drawn_and_does_not_fail() {
        let mut canvas = Canvas::new(16, 16, [0; 3]);
        canvas.line((-1e4, 8.0), (1e4, 8.0), 1, [255; 3]);
        canvas.text((-20, 10), 2, [255; 3], "WIDE 红");
        canvas.fill((10, 10), (100, 100), [9; 3]);
        assert_eq!(canvas.image.get_pixel(15, 15).0, [9; 3]);
        assert_eq!(canvas.image.get_pixel(0, 8).0, [255; 3]);
    }

    #[test]
    fn a_letter_is_drawn_the_right_way_round() {
        let mut canvas = Canvas::new(8, 8, [0; 3]);
        canvas.text((0, 0), 1, [255; 3], "L");
        let lit = |x, y| canvas.image.get_pixel(x, y).0[0] == 255;
        let left = (0..8).filter(|y| lit(1, *y) || lit(2, *y)).count();
        let right = (0..8).filter(|y| lit(5, *y) || lit(6, *y)).count();
        assert!(left > right);
    }
}
