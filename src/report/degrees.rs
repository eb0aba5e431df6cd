//! Coordinates as people read and type them.
//!
//! Law: the datum is said with the numbers. CGCS2000 and WGS 84 are one frame here (`grid::crs`): they differ by less than a
//!      metre, which is less than a step.

use crate::units::fixed;

/// Longitude and latitude with six decimals, as receivers and drones take them.
pub fn decimal((longitude, latitude): (f64, f64)) -> String {
    format!("{}, {}", fixed(longitude, 6), fixed(latitude, 6))
}

/// Longitude and latitude in degrees, minutes and seconds with two decimals.
pub fn sexagesimal((longitude, latitude): (f64, f64)) -> String {
    format!("{} {}", one(longitude, ["E", "W"]), one(latitude, ["N", "S"]))
}

fn one(degrees: f64, [positive, negative]: [&str; 2]) -> String {
    // In hundredths of a second, so that 59.999 becomes the next minute and never 60.00.
    let hundredths = (degrees.abs() * 360_000.0).round() as u64;
    let (whole, minutes, seconds) = (hundredths / 360_000, hundredths / 6_000 % 60, hundredths % 6_000);
    let side = if degrees < 0.0 { negative } else { positive };
    format!("{whole}°{minutes:02}′{:02}.{:02}″{side}", seconds / 100, seconds % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixty_seconds_are_a_minute() {
        assert_eq!(sexagesimal((108.5, -41.999_999_9)), "108°30′00.00″E 42°00′00.00″S");
        assert_eq!(sexagesimal((-0.25, 41.581_942_2)), "0°15′00.00″W 41°34′54.99″N");
        assert_eq!(decimal((108.5, 41.581_942_2)), "108.500000, 41.581942");
    }
}
