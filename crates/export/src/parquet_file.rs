//! Apache Parquet: typed columns, and the dictionary and the provenance in the metadata.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};
use report::Date;
use serde_json::json;

use crate::column::{Column, DECIMAL_PRECISION, DECIMAL_SCALE, Kind, Value, integer, unscaled};
use crate::table::{Names, Request, TableWriter};
use crate::{ExportError, Provenance};

/// A row group is written when so many bytes of values wait in memory, or so many rows.
const GROUP_BYTES: usize = 12 << 20;
const GROUP_ROWS: usize = 65_536;
/// Bytes that hold a decimal of [`DECIMAL_PRECISION`] digits.
const DECIMAL_BYTES: i32 = 16;
/// The key of the dictionary in the metadata.
const DICTIONARY: &str = "gouji.dictionary";
/// The key of the provenance in the metadata.
const PROVENANCE: &str = "gouji.provenance";

/// Writes Parquet.
pub(crate) struct ParquetFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    columns: Vec<Buffer>,
    rows: usize,
    size_bytes: usize,
}

/// The values of a column that wait for their row group.
struct Buffer {
    /// 1 for each row with a value, 0 for each without.
    levels: Vec<i16>,
    values: Values,
}

enum Values {
    Text(Vec<ByteArray>),
    Integer(Vec<i64>),
    Decimal(Vec<FixedLenByteArray>),
    Date(Vec<i32>),
    Time(Vec<i64>),
}

impl<W: Write + Send> ParquetFile<W> {
    /// A table of an export, with the dictionary of its shape.
    pub(crate) fn new(request: &Request, columns: Vec<Column>, out: W) -> Result<Self, ExportError> {
        let shape = request.shape;
        let dictionary = dictionary(shape.as_str(), shape.meaning(), request.names, &columns);
        Self::of(shape.as_str(), request.names, columns, dictionary, out)
    }

    /// A table that is no shape of reports.
    pub(crate) fn plain(name: &str, columns: Vec<Column>, out: W) -> Result<Self, ExportError> {
        let dictionary = dictionary(name, "", Names::Id, &columns);
        Self::of(name, Names::Id, columns, dictionary, out)
    }

    fn of(
        name: &str,
        names: Names,
        columns: Vec<Column>,
        dictionary: String,
        out: W,
    ) -> Result<Self, ExportError> {
        let field = |column: &Column| field(names.header(column), column.kind).map(Arc::new);
        let fields = columns.iter().map(field).collect::<Result<Vec<TypePtr>, _>>()?;
        let schema = Type::group_type_builder(name).with_fields(fields).build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(format!("gouji {}", env!("CARGO_PKG_VERSION")))
            .set_key_value_metadata(Some(vec![KeyValue::new(DICTIONARY.to_owned(), dictionary)]))
            .build();
        let writer = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?;
        let columns = columns.iter().map(|column| Buffer::new(column.kind)).collect();
        Ok(Self { writer, columns, rows: 0, size_bytes: 0 })
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            if let Some(mut writer) = group.next_column()? {
                column.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        (self.rows, self.size_bytes) = (0, 0);
        Ok(())
    }
}

impl<W: Write + Send> TableWriter for ParquetFile<W> {
    fn row(&mut self, values: &[Value<'_>]) -> Result<(), ExportError> {
        for (column, value) in self.columns.iter_mut().zip(values) {
            self.size_bytes += column.push(value);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.size_bytes >= GROUP_BYTES {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>, provenance: &Provenance) -> Result<(), ExportError> {
        self.write_group()?;
        let parts = provenance.parts().into_iter().map(|(id, _, value)| (id.to_owned(), value.into()));
        let parts = serde_json::Value::Object(parts.collect());
        self.writer.append_key_value_metadata(KeyValue::new(PROVENANCE.to_owned(), parts.to_string()));
        let mut out = self.writer.into_inner()?;
        Ok(out.flush()?)
    }
}

impl Buffer {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Values::Text(Vec::new()),
            Kind::Integer => Values::Integer(Vec::new()),
            Kind::Decimal => Values::Decimal(Vec::new()),
            Kind::Date => Values::Date(Vec::new()),
            Kind::Time => Values::Time(Vec::new()),
        };
        Self { levels: Vec::new(), values }
    }

    /// Adds a value; returns about how many bytes it takes. One that the column cannot hold is left out, which the
    /// shapes avoid.
    fn push(&mut self, value: &Value<'_>) -> usize {
        let size_bytes = match (&mut self.values, value) {
            (Values::Text(texts), Value::Text(text)) => {
                texts.push(ByteArray::from(&**text));
                // The text and what refers to it.
                Some(text.len() + size_of::<ByteArray>())
            }
            (Values::Integer(numbers), Value::Integer(number)) => {
                numbers.push(*number);
                Some(8)
            }
            (Values::Integer(numbers), Value::Decimal(number)) => integer(*number).map(|number| {
                numbers.push(number);
                8
            }),
            (Values::Decimal(numbers), Value::Decimal(number)) => unscaled(*number).map(|number| {
                numbers.push(FixedLenByteArray::from(number.to_be_bytes().to_vec()));
                DECIMAL_BYTES as usize + size_of::<FixedLenByteArray>()
            }),
            (Values::Date(days), Value::Date(day)) => {
                days.push(days_since_1970(*day));
                Some(4)
            }
            (Values::Time(times), Value::Time(ms)) => {
                times.push(*ms);
                Some(8)
            }
            _ => None,
        };
        self.levels.push(size_bytes.is_some().into());
        size_bytes.unwrap_or_default() + size_of::<i16>()
    }

    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ExportError> {
        let levels = &self.levels;
        match &mut self.values {
            Values::Text(texts) => batch::<ByteArrayType>(writer, texts, levels)?,
            Values::Integer(numbers) => batch::<Int64Type>(writer, numbers, levels)?,
            Values::Decimal(numbers) => batch::<FixedLenByteArrayType>(writer, numbers, levels)?,
            Values::Date(days) => batch::<Int32Type>(writer, days, levels)?,
            Values::Time(times) => batch::<Int64Type>(writer, times, levels)?,
        }
        self.levels.clear();
        Ok(())
    }
}

/// Writes the values of a column and forgets them.
fn batch<T: DataType>(
    writer: &mut SerializedColumnWriter<'_>,
    values: &mut Vec<T::T>,
    levels: &[i16],
) -> Result<(), ExportError> {
    writer.typed::<T>().write_batch(values, Some(levels), None)?;
    values.clear();
    Ok(())
}

fn field(name: &str, kind: Kind) -> Result<Type, ExportError> {
    let decimal = LogicalType::decimal(DECIMAL_SCALE as i32, DECIMAL_PRECISION);
    let (physical, logical) = match kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Decimal => (Physical::FIXED_LEN_BYTE_ARRAY, Some(decimal)),
        Kind::Date => (Physical::INT32, Some(LogicalType::Date)),
        Kind::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MILLIS))),
    };
    let mut builder = Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    if kind == Kind::Decimal {
        builder = builder
            .with_length(DECIMAL_BYTES)
            .with_precision(DECIMAL_PRECISION)
            .with_scale(DECIMAL_SCALE as i32);
    }
    Ok(builder.build()?)
}

fn days_since_1970(day: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    day.since(epoch).map_or(0, |span| span.get_days())
}

/// The dictionary of the columns as JSON.
fn dictionary(table: &str, meaning: &str, names: Names, columns: &[Column]) -> String {
    let one = |column: &Column| {
        let codes = column.codes.iter().map(|(id, title)| ((*id).to_owned(), (*title).into()));
        json!({
            "column": names.header(column),
            "id": column.id,
            "name": column.name,
            "type": column.kind.as_str(),
            "unit": column.unit,
            "meaning": column.meaning,
            "codes": serde_json::Value::Object(codes.collect()),
        })
    };
    json!({
        "shape": table,
        "meaning": meaning,
        "columns": columns.iter().map(one).collect::<Vec<_>>(),
    })
    .to_string()
}
