//! Text as exchanges publish it: packed by gzip, or alone in a zip archive.

use std::io::{Cursor, Read};

use crate::{Error, Result};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: &[u8] = b"PK\x03\x04";

/// The text in `bytes`, which are it or hold it packed; their first ones tell.
///
/// # Errors
/// When the archive is damaged, or holds no file or several.
pub(super) fn unpack(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    let damaged = |source| Error::Io { path: name.to_owned(), source };
    if bytes.starts_with(GZIP) {
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).map_err(damaged)?;
        return Ok(text);
    }
    if !bytes.starts_with(ZIP) {
        return Ok(bytes);
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(error.into()))?;
    let names =
        archive.file_names().collect::<std::result::Result<Vec<_>, _>>().map_err(|error| damaged(error.into()))?;
    let names: Vec<String> = names.iter().filter(|file| !file.ends_with('/')).map(ToString::to_string).collect();
    let [file] = names.as_slice() else {
        let held = if names.is_empty() { "no file".to_owned() } else { names.join(", ") };
        let message = format!("{name}: the archive holds {held}; it must hold one file, unpack it otherwise");
        return Err(Error::spec("path", message));
    };
    let mut file = archive.by_name(file).map_err(|error| damaged(error.into()))?;
    file.read_to_end(&mut text).map_err(damaged)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const TEXT: &[u8] = b"ts,open\n1,2\n";

    fn zipped(names: &[&str]) -> Vec<u8> {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in names {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(TEXT).unwrap();
        }
        archive.finish().unwrap().into_inner()
    }

    #[test]
    fn what_is_packed_comes_out_and_what_is_not_stays() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(TEXT).unwrap();
        for bytes in [TEXT.to_vec(), gzip.finish().unwrap(), zipped(&["klines.csv"])] {
            assert_eq!(unpack(bytes, "x").unwrap(), TEXT);
        }
    }

    #[test]
    fn an_archive_of_several_files_or_none_is_refused_by_their_names() {
        let several = unpack(zipped(&["a.csv", "b.csv"]), "x.zip").unwrap_err().to_string();
        assert!(several.contains("x.zip: the archive holds a.csv, b.csv; it must hold one file"), "{several}");
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(TEXT).unwrap();
        for whole in [gzip.finish().unwrap(), zipped(&["klines.csv"])] {
            for length in 4..whole.len() {
                assert!(unpack(whole[..length].to_vec(), "x").is_err(), "{length} of {}", whole.len());
            }
            for place in 4..whole.len() {
                let mut bytes = whole.clone();
                bytes[place] ^= 0x55;
                // What is not part of the text (a time, a flag) may go unseen; a wrong text may not.
                assert!(unpack(bytes, "x").map_or(true, |text| text == TEXT), "{place}");
            }
        }
    }
}
