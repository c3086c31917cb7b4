"""The design matrix: rows of features, and the few products a solver may ask of them."""

from vikt.matrix.convert import design_matrix
from vikt.matrix.dense import DenseMatrix
from vikt.matrix.design import DesignMatrix, equal_rows
from vikt.matrix.sparse import SparseMatrix

__all__ = ["DenseMatrix", "DesignMatrix", "SparseMatrix", "design_matrix", "equal_rows"]
