//! Pictures for tests: what a camera would have written, put into a small picture byte by byte.
//!
//! In:  a `Camera`. Out: bytes of JPEG or HEIC.
//! Source: CIPA DC-008 4.5 (TIFF in APP1), ISO/IEC 23008-12 (HEIF items). `scripts/judge-field` has PIL read one back.

/// What the camera says.
#[derive(Clone)]
pub struct Camera {
    /// Longitude and latitude, degrees.
    pub place: Option<(f64, f64)>,
    /// `YYYY:MM:DD HH:MM:SS`.
    pub taken: Option<String>,
    /// `+08:00`.
    pub offset: Option<String>,
    /// Degrees from true north.
    pub direction: Option<f64>,
    /// Yaw of a drone's gimbal, into XMP.
    pub gimbal: Option<String>,
    /// What else the satellites' part says: tag and words.
    pub satellites: Vec<(u16, &'static str)>,
    /// Error of the position, metres.
    pub error: Option<u32>,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            place: Some((108.002, 41.502)),
            taken: Some("2026:06:12 09:30:00".to_owned()),
            offset: Some("+08:00".to_owned()),
            direction: Some(135.0),
            gimbal: None,
            satellites: Vec::new(),
            error: None,
        }
    }
}

/// An entry of a directory: tag, type, count, value.
type Entry = (u16, u16, u32, Vec<u8>);

fn ascii(tag: u16, text: &str) -> Entry {
    let value = [text.as_bytes(), b"\0"].concat();
    (tag, 2, value.len() as u32, value)
}

fn ratios(tag: u16, parts: &[(u32, u32)]) -> Entry {
    let value = parts.iter().flat_map(|(over, under)| [over.to_be_bytes(), under.to_be_bytes()].concat());
    (tag, 5, parts.len() as u32, value.collect())
}

/// A directory that begins at an offset, with its long values behind it.
fn directory(at: usize, entries: &[Entry]) -> Vec<u8> {
    let mut table = (entries.len() as u16).to_be_bytes().to_vec();
    let (mut long, behind) = (Vec::new(), at + 2 + entries.len() * 12 + 4);
    for (tag, kind, count, value) in entries {
        table.extend([tag.to_be_bytes(), kind.to_be_bytes()].concat());
        table.extend(count.to_be_bytes());
        let mut cell = value.clone();
        if cell.len() > 4 {
            cell = ((behind + long.len()) as u32).to_be_bytes().to_vec();
            long.extend(value);
        }
        cell.resize(4, 0);
        table.extend(cell);
    }
    table.extend([0; 4]);
    [table, long].concat()
}

fn degrees(value: f64) -> [(u32, u32); 3] {
    let (whole, minutes) = (value.abs().trunc(), value.abs().fract() * 60.0);
    let seconds = (minutes.fract() * 60.0 * 1e6).round();
    [(whole as u32, 1), (minutes as u32, 1), (seconds as u32, 1_000_000)]
}

/// The words of the camera as a TIFF file, big-endian.
fn exif(camera: &Camera) -> Vec<u8> {
    let mut picture = Vec::new();
    picture.extend(camera.taken.iter().map(|taken| ascii(0x9003, taken)));
    picture.extend(camera.offset.iter().map(|offset| ascii(0x9011, offset)));
    let mut satellites = Vec::new();
    if let Some((longitude, latitude)) = camera.place {
        satellites.push(ascii(1, if latitude < 0.0 { "S" } else { "N" }));
        satellites.push(ratios(2, &degrees(latitude)));
        satellites.push(ascii(3, if longitude < 0.0 { "W" } else { "E" }));
        satellites.push(ratios(4, &degrees(longitude)));
    }
    if let Some(direction) = camera.direction {
        satellites.push(ascii(16, "T"));
        satellites.push(ratios(17, &[((direction * 100.0) as u32, 100)]));
    }
    satellites.extend(camera.satellites.iter().map(|(tag, words)| ascii(*tag, words)));
    satellites.extend(camera.error.iter().map(|metres| ratios(31, &[(*metres, 1)])));
    let long = |tag: u16, value: usize| (tag, 4, 1, (value as u32).to_be_bytes().to_vec());
    // The main directory points at both others: it has two entries and no long value.
    let (first, second) = (8, 8 + 2 + 2 * 12 + 4);
    let picture = directory(second, &picture);
    let third = second + picture.len();
    let main = directory(first, &[long(0x8769, second), long(0x8825, third)]);
    [b"MM\0\x2a\0\0\0\x08".to_vec(), main, picture, directory(third, &satellites)].concat()
}

fn segment(body: &[u8]) -> Vec<u8> {
    [&[0xff, 0xe1], ((body.len() + 2) as u16).to_be_bytes().as_slice(), body].concat()
}

/// The picture as JPEG.
pub fn jpeg(camera: &Camera) -> Vec<u8> {
    let plain = include_bytes!("../../../fixtures/photographs/plain.jpg");
    let mut bytes = plain[..2].to_vec();
    bytes.extend(segment(&[b"Exif\0\0".as_slice(), &exif(camera)].concat()));
    if let Some(yaw) = &camera.gimbal {
        let packet = format!("http://ns.adobe.com/xap/1.0/\0<rdf drone-dji:GimbalYawDegree=\"{yaw}\"/>");
        bytes.extend(segment(packet.as_bytes()));
    }
    [bytes, plain[2..].to_vec()].concat()
}

fn boxed(name: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [((body.len() + 8) as u32).to_be_bytes().as_slice(), name, body].concat()
}

/// The words of the camera as HEIC, without pixels.
#[allow(dead_code, reason = "only one of the two crates that draw pictures needs it")]
pub fn heic(camera: &Camera) -> Vec<u8> {
    // Four bytes before the words say that nothing stands between.
    let words = [vec![0; 4], exif(camera)].concat();
    let entry = boxed(b"infe", b"\x02\0\0\0\0\x01\0\0Exif\0");
    let items = boxed(b"iinf", &[b"\0\0\0\0\0\x01".as_slice(), &entry].concat());
    // Version 1, offsets and lengths of four bytes, one item in the box of data beside this one.
    let length = (words.len() as u32).to_be_bytes();
    let place = [b"\x01\0\0\0\x44\0\0\x01\0\x01\0\x01\0\0\0\x01\0\0\0\0".as_slice(), &length].concat();
    let meta = [vec![0; 4], items, boxed(b"iloc", &place), boxed(b"idat", &words)].concat();
    [boxed(b"ftyp", b"heic\0\0\0\0mif1heic"), boxed(b"meta", &meta)].concat()
}
