//! What writer and reader of Parquet files share: the schema, and what a file says about itself.

use super::{Column, SheetError, Unit};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::{Type, TypePtr};
use std::sync::Arc;

/// The key under which a file names what its rows are.
pub(super) const KIND: &str = "recio.kind";
/// The key of the version of its columns.
pub(super) const VERSION: &str = "recio.schema_version";
/// The key of what each column says and counts, as a JSON object.
pub(super) const COLUMNS: &str = "recio.columns";

/// The physical type of a unit's values.
pub(super) const fn physical(unit: Unit) -> Physical {
    match unit {
        Unit::Text => Physical::BYTE_ARRAY,
        Unit::Real => Physical::DOUBLE,
        Unit::Flag => Physical::BOOLEAN,
        Unit::Count | Unit::Time | Unit::Money | Unit::Price | Unit::Quantity | Unit::AssetPrice => Physical::INT64,
    }
}

/// The Parquet schema of some columns.
pub(super) fn schema(columns: &[Column]) -> Result<TypePtr, SheetError> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let logical = match column.unit {
            Unit::Text => Some(LogicalType::String),
            Unit::Time => Some(LogicalType::timestamp(true, TimeUnit::MICROS)),
            Unit::Real | Unit::Flag | Unit::Count | Unit::Money | Unit::Price | Unit::Quantity | Unit::AssetPrice => {
                None
            }
        };
        let field = Type::primitive_type_builder(&column.integer_name(), physical(column.unit))
            .with_repetition(if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED })
            .with_logical_type(logical)
            .build()?;
        fields.push(Arc::new(field));
    }
    Ok(Arc::new(Type::group_type_builder("recio").with_fields(fields).build()?))
}

/// What every column says and counts, as JSON for people and programs.
pub(super) fn legend(columns: &[Column]) -> String {
    let entry = |column: &Column| {
        let text = match column.unit.integers() {
            Some(counts) => format!("{}; in {counts}", column.about),
            None => column.about.to_owned(),
        };
        (column.integer_name(), serde_json::Value::from(text))
    };
    serde_json::Value::Object(columns.iter().map(entry).collect()).to_string()
}
