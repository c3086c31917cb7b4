"""Names for PyArrow's types, which it does not declare itself."""

from __future__ import annotations

from typing import Any

# pyarrow.Array or pyarrow.ChunkedArray
ArrowColumn = Any
# pyarrow.Table
ArrowTable = Any
# pyarrow.RecordBatch
ArrowBatch = Any
# pyarrow.Schema
ArrowSchema = Any
# pyarrow.DataType
ArrowType = Any
