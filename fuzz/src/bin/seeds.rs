//! Writes the samples as inputs of the targets: `seeds SAMPLES FOLDER`.

use std::fs;
use std::io::{Error, Result};
use std::path::PathBuf;

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(samples), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(Error::other("usage: seeds SAMPLES FOLDER"));
    };
    for target in fuzz::TARGETS {
        fs::create_dir_all(folder.join(target.name))?;
    }
    for sample in fs::read_dir(samples)? {
        let sample = sample?;
        let bytes = fs::read(sample.path())?;
        let kind = document::sniff(&bytes);
        for target in fuzz::TARGETS.iter().filter(|target| target.kinds.contains(&kind)) {
            if let Some(input) = fuzz::unpack(target.form, &bytes) {
                fs::write(folder.join(target.name).join(sample.file_name()), input)?;
            }
        }
    }
    Ok(())
}
