//! The recogniser: a line of text as a picture to the probabilities of characters, by a model in ONNX.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool};
use rten_tensor::NdTensor;
use sha2::{Digest, Sha256};

use crate::ctc::Steps;
use crate::picture::Gray;

/// The model: the recogniser PP-OCRv6 small of PaddleOCR (Apache-2.0), as the Python package `rapidocr` 3.10.0
/// carries it.
pub const MODEL_NAME: &str = "PP-OCRv6_rec_small.onnx";
/// SHA-256 of the model. Another one reads figures otherwise, and what is known of this one is not known of it.
pub const MODEL_SHA256: &str = "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884";
/// Bytes of the model.
pub const MODEL_BYTES: u64 = 21_234_383;

/// Why a model cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It is another file.
    #[error(
        "the recogniser has SHA-256 {found}, not {MODEL_SHA256}: install it again with `gouji scans install`"
    )]
    OtherFile {
        /// What it has.
        found: String,
    },
    /// It cannot be interpreted.
    #[error("the recogniser cannot be loaded: {0}")]
    Broken(String),
}

/// Reads lines of text. It holds about 100 MB.
pub struct Recogniser {
    model: Model,
    input: NodeId,
    output: NodeId,
    /// By class; the blank is empty.
    characters: Vec<String>,
    /// Classes that stand for a character of figures.
    alphabet: Vec<(usize, char)>,
    /// Classes that stand for a space.
    spaces: Vec<usize>,
    threads: Arc<ThreadPool>,
}

/// Height of the pictures that the model takes.
const HEIGHT: usize = 48;
/// Narrowest and widest picture. A broader line is narrowed.
const WIDTHS: (usize, usize) = (64, 2_400);
/// Widths are multiples of this, so that lines of about the same width go together.
const WIDTH_STEP: usize = 32;
/// Lines that are read at once, and their widths together.
const BATCH: usize = 8;
const BATCH_WIDTH: usize = 2_560;

/// What stands for a character of figures. Readers of text take the 0 of some faces for a letter.
const ALPHABET: [(&str, char); 24] = [
    ("0", '0'),
    ("1", '1'),
    ("2", '2'),
    ("3", '3'),
    ("4", '4'),
    ("5", '5'),
    ("6", '6'),
    ("7", '7'),
    ("8", '8'),
    ("9", '9'),
    ("o", '0'),
    ("O", '0'),
    ("\u{f3}", '0'),
    ("\u{f2}", '0'),
    ("\u{f6}", '0'),
    ("〇", '0'),
    ("○", '0'),
    (".", '.'),
    (",", ','),
    ("/", '/'),
    ("-", '-'),
    ("\u{2014}", '-'),
    ("\u{4e00}", '-'),
    ("无", '无'),
];

impl std::fmt::Debug for Recogniser {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Recogniser").field("classes", &self.characters.len()).finish_non_exhaustive()
    }
}

/// A line as the model takes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Crop {
    pub(crate) width: usize,
    /// Rows of [`HEIGHT`], from -1 (black) to 1 (white).
    values: Vec<f32>,
    /// Pixels of the page that a pixel of the picture is wide, and where the picture begins.
    scale: f32,
    left: f32,
}

impl Crop {
    /// The part of a page within these bounds, in the height that the model takes.
    ///
    /// `squeeze` is the width of the picture as a share of its natural one: time grows with the width.
    pub(crate) fn of(
        gray: &Gray,
        (left, top): (f32, f32),
        (right, bottom): (f32, f32),
        squeeze: f32,
    ) -> Self {
        let scale = (bottom - top).max(1.0) / HEIGHT as f32;
        let natural = (squeeze * (right - left).max(1.0) / scale).round() as usize;
        let inner = natural.clamp(8, WIDTHS.1);
        let width = inner.max(WIDTHS.0).div_ceil(WIDTH_STEP) * WIDTH_STEP;
        let across = (right - left).max(1.0) / inner as f32;
        // Narrow lines stand in the middle of white paper.
        let margin = if inner < WIDTHS.0 { (width - inner) / 2 } else { 0 };
        let mut values = vec![1.0; HEIGHT * width];
        let (samples_x, samples_y) = (samples(across), samples(scale));
        let at = |pixel: usize, sub: usize, count: usize| pixel as f32 + (sub as f32 + 0.5) / count as f32;
        for y in 0..HEIGHT {
            for x in 0..inner {
                let mut sum = 0.0;
                for sub_y in 0..samples_y {
                    for sub_x in 0..samples_x {
                        let from_x = left + at(x, sub_x, samples_x) * across - 0.5;
                        let from_y = top + at(y, sub_y, samples_y) * scale - 0.5;
                        sum += gray.between(from_x, from_y);
                    }
                }
                let mean = sum / (samples_x * samples_y) as f32;
                if let Some(value) = values.get_mut(y * width + margin + x) {
                    *value = mean / 127.5 - 1.0;
                }
            }
        }
        Self { width, values, scale: across, left: left - margin as f32 * across }
    }

    /// Where on the page the middle of a step is.
    pub(crate) fn x_of(&self, step: usize, steps: usize) -> f32 {
        let pixels = self.width as f32 / steps.max(1) as f32;
        self.left + (step as f32 + 0.5) * pixels * self.scale
    }
}

/// Samples of a pixel, so that smaller pictures lose no thin strokes.
fn samples(scale: f32) -> usize {
    (scale.ceil() as usize).clamp(1, 4)
}

impl Recogniser {
    /// Loads the model. It is checked against [`MODEL_SHA256`] first.
    ///
    /// # Errors
    /// If it is another file, or cannot be interpreted.
    pub fn load(bytes: Vec<u8>) -> Result<Self, ModelError> {
        let found = hex(&Sha256::digest(&bytes));
        if found != MODEL_SHA256 {
            return Err(ModelError::OtherFile { found });
        }
        // Packing the weights once instead of for each batch saves a tenth of the time.
        let mut options = ModelOptions::default();
        let model = options
            .prepack_weights(true)
            .load(bytes)
            .map_err(|error| ModelError::Broken(error.to_string()))?;
        let lacks = |what: &str| ModelError::Broken(format!("it has no {what}"));
        let input = *model.input_ids().first().ok_or_else(|| lacks("input"))?;
        let output = *model.output_ids().first().ok_or_else(|| lacks("output"))?;
        let list = model.metadata().get("character").ok_or_else(|| lacks("list of characters"))?;
        let blank = std::iter::once(String::new());
        let listed = list.split('\n').map(str::to_owned);
        let characters: Vec<String> = blank.chain(listed).chain([" ".to_owned()]).collect();
        let symbol =
            |name: &str| ALPHABET.iter().find(|(other, _)| *other == name).map(|(_, symbol)| *symbol);
        let classes = characters.iter().enumerate();
        let alphabet = classes.filter_map(|(class, name)| Some((class, symbol(name)?))).collect();
        let is_space = |(class, name): &(usize, &String)| *class > 0 && name.trim().is_empty();
        let spaces = characters.iter().enumerate().filter(is_space).map(|(class, _)| class).collect();
        let threads = Arc::new(ThreadPool::with_num_threads(1));
        let recogniser = Self { model, input, output, characters, alphabet, spaces, threads };
        // The first run starts the thread, before the process is confined.
        recogniser.run(&[&Crop::of(&Gray::of(64, 48, 255), (0.0, 0.0), (64.0, 48.0), 1.0)])?;
        Ok(recogniser)
    }

    pub(crate) fn alphabet(&self) -> &[(usize, char)] {
        &self.alphabet
    }

    pub(crate) fn spaces(&self) -> &[usize] {
        &self.spaces
    }

    pub(crate) fn character(&self, class: usize) -> &str {
        self.characters.get(class).map_or("", String::as_str)
    }

    /// Hands each line, by its number, what the model says of it.
    pub(crate) fn read(&self, crops: &[Crop], mut each: impl FnMut(usize, Steps)) -> Result<(), ModelError> {
        let mut order: Vec<usize> = (0..crops.len()).collect();
        let width = |index: &usize| crops.get(*index).map_or(0, |crop| crop.width);
        order.sort_by_key(width);
        for same in order.chunk_by(|one, other| width(one) == width(other)) {
            let most = (BATCH_WIDTH / same.first().map_or(1, width).max(1)).clamp(1, BATCH);
            for batch in same.chunks(most) {
                let pictures: Vec<&Crop> = batch.iter().filter_map(|index| crops.get(*index)).collect();
                batch.iter().zip(self.run(&pictures)?).for_each(|(index, steps)| each(*index, steps));
            }
        }
        Ok(())
    }

    /// Reads lines of one width.
    fn run(&self, crops: &[&Crop]) -> Result<Vec<Steps>, ModelError> {
        let broken = |what: String| ModelError::Broken(what);
        let width = crops.first().map_or(WIDTHS.0, |crop| crop.width);
        // Grey pages have the same value in all three channels.
        let values: Vec<f32> = crops.iter().flat_map(|crop| crop.values.repeat(3)).collect();
        let input = NdTensor::from_data([crops.len(), 3, HEIGHT, width], values);
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let [output] = self
            .model
            .run_n(vec![(self.input, input.into())], [self.output], Some(options))
            .map_err(|error| broken(error.to_string()))?;
        let (shape, values) =
            output.into_shape_vec::<f32, 3>().map_err(|error| broken(format!("its output: {error}")))?;
        let [count, steps, classes] = shape;
        if count != crops.len() || classes != self.characters.len() {
            return Err(broken(format!("it answers {count} lines with {classes} classes")));
        }
        Ok(values
            .chunks_exact(steps * classes)
            .map(|line| Steps { classes, values: line.to_vec() })
            .collect())
    }
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
