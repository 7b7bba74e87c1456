"""Operations of ONNX on tables of features (`ai.onnx.ml`): what is made of a row. Trees have no MACs that a shape would
tell; maps of names are not tensors, and unknown.
"""

from __future__ import annotations

from cnnsum.dims import UNKNOWN, Dim, prod
from cnnsum.layers.base import Rule, layer, named
from cnnsum.layers.facts import Facts, Shape, size
from cnnsum.layers.kinds import Ints, Kind, Numbers, PlainInt, PlainPos, Reading, Text, wrong
from cnnsum.layers.requiring import require_axes
from cnnsum.typed import Annotated

_DOMAIN = "ai.onnx.ml"
#: Numbers of trees, and what is done with sums at the end: no shape depends on them.
_TREES = (
    "aggregate_function post_transform tree_roots nodes_hitrates nodes_missing_value_tracks_true nodes_modes "
    "leaf_weights leaf_targetids nodes_falsenodeids nodes_trueleafs nodes_featureids nodes_splits nodes_falseleafs "
    "nodes_truenodeids nodes_nodeids nodes_treeids nodes_values nodes_values_as_tensor nodes_hitrates_as_tensor "
    "base_values base_values_as_tensor class_weights class_weights_as_tensor class_ids class_nodeids class_treeids "
    "target_ids target_nodeids target_treeids target_weights target_weights_as_tensor membership_values"
)
_SUPPORT = (
    "rho coefficients support_vectors vectors_per_class post_transform kernel_params kernel_type one_class prob_b"
)


def _read_texts(value: object, _reading: Reading) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong("a list of texts", value)
    return tuple(value)


Texts = Annotated[tuple[str, ...], Kind("a list of texts", _read_texts)]


def _rows(x: Shape) -> tuple[Dim, Dim]:
    """How many samples there are, and how many features each has; one axis is one sample."""
    require_axes(x, 1, "what learns from tables")
    return (x[0] if len(x) > 1 else 1), x[-1]


def _by_element(name: str, ops: int) -> Rule:
    def rule(x: Shape) -> Facts:
        return Facts(x, ops=ops * size(x), gradient="none", dtype="float32" if name in _FLOATS else "first")

    return named(rule, name, f"`{name}` of each element. Operations: {ops} per element.")


_FLOATS = ("Scaler", "Normalizer")
for _name, _ops, _ignored in (
    ("Scaler", 2, "scale offset"),
    ("Normalizer", 3, "norm"),
    ("Binarizer", 1, "threshold"),
    ("Imputer", 1, "replaced_value_int64 imputed_value_int64s replaced_value_float imputed_value_floats"),
):
    layer(key=f"{_DOMAIN}.{_name}", name=_name, ignored=_ignored)(_by_element(_name, _ops))


@layer(
    key=f"{_DOMAIN}.LabelEncoder",
    name="LabelEncoder",
    ignored=(
        "default_tensor default_int64 default_float default_string keys_floats keys_strings keys_int64s keys_tensor"
    ),
)
def label_encoder(
    x: Shape,
    *,
    values_int64s: Ints | None = None,
    values_strings: Texts | None = None,
    values_floats: Numbers | None = None,
    values_tensor: Numbers | None = None,
    dtype: Text = "?",
) -> Facts:
    """Each element by what a table has for it."""
    if values_tensor is None:
        dtype = "int64" if values_int64s else "string" if values_strings else "float32" if values_floats else "?"
    return Facts(x, gradient="none", dtype=dtype)


@layer(key=f"{_DOMAIN}.LinearRegressor", name="LinearRegressor", ignored="coefficients intercepts post_transform")
def linear_regressor(x: Shape, *, targets: PlainPos = 1) -> Facts:
    """Sums of features by weights: `(N, C)` becomes `(N, targets)`. MACs: `C * targets`."""
    rows, features = _rows(x)
    return Facts((rows, targets), macs=features * targets, ops=targets, gradient="none", dtype="float32")


def _classified(rows: Dim, labels: Dim, texts: bool, macs: Dim) -> Facts:
    facts = Facts(
        (rows,), (rows, labels), macs=macs, ops=UNKNOWN, gradient="none", dtype="string" if texts else "int64"
    )
    facts.rest = "float32"
    return facts


@layer(
    key=f"{_DOMAIN}.LinearClassifier",
    name="LinearClassifier",
    ignored="coefficients intercepts multi_class post_transform",
)
def linear_classifier(
    x: Shape, *, classlabels_ints: Ints | None = None, classlabels_strings: Texts | None = None
) -> Facts:
    """The class of each row, and a score for each class. MACs: features times classes."""
    rows, features = _rows(x)
    labels = len(classlabels_strings or classlabels_ints or ()) or UNKNOWN
    return _classified(rows, labels, bool(classlabels_strings), features * labels)


@layer(key=f"{_DOMAIN}.SVMRegressor", name="SVMRegressor", ignored=_SUPPORT)
def svm_regressor(x: Shape, *, n_supports: PlainInt = 0) -> Facts:
    """A number for each row, of its products with vectors; without any it is linear, as in ONNX Runtime, which has one
    product with the coefficients. MACs: features times these.
    """
    rows, features = _rows(x)
    return Facts((rows, 1), macs=features * max(n_supports, 1), ops=UNKNOWN, gradient="none", dtype="float32")


@layer(key=f"{_DOMAIN}.TreeEnsemble", name="TreeEnsemble", ignored=_TREES)
def tree_ensemble(x: Shape, *, n_targets: PlainPos = 1) -> Facts:
    """Sums of what the leaves of trees hold: `(N, C)` becomes `(N, n_targets)`.

    How many steps a row takes is in no shape.
    """
    return Facts((_rows(x)[0], n_targets), ops=UNKNOWN, gradient="none", dtype="first")


@layer(key=f"{_DOMAIN}.TreeEnsembleRegressor", name="TreeEnsembleRegressor", ignored=_TREES)
def tree_regressor(x: Shape, *, n_targets: PlainPos = 1) -> Facts:
    """Sums of what the leaves of trees hold: `(N, C)` becomes `(N, n_targets)`."""
    return Facts((_rows(x)[0], n_targets), ops=UNKNOWN, gradient="none", dtype="float32")


@layer(key=f"{_DOMAIN}.TreeEnsembleClassifier", name="TreeEnsembleClassifier", ignored=_TREES)
def tree_classifier(
    x: Shape, *, classlabels_int64s: Ints | None = None, classlabels_strings: Texts | None = None
) -> Facts:
    """The class of each row by trees, and a score for each class."""
    labels = len(classlabels_strings or classlabels_int64s or ()) or UNKNOWN
    return _classified(_rows(x)[0], labels, bool(classlabels_strings), 0)


@layer(key=f"{_DOMAIN}.OneHotEncoder", name="OneHotEncoder", ignored="zeros")
def one_hot_encoder(x: Shape, *, cats_int64s: Ints | None = None, cats_strings: Texts | None = None) -> Facts:
    """A row with a single 1 for each element, as a new axis of so many as there are categories."""
    count = len(cats_strings or cats_int64s or ()) or UNKNOWN
    return Facts((*x, count), gradient="none", dtype="float32")


@layer(key=f"{_DOMAIN}.ArrayFeatureExtractor", name="ArrayFeatureExtractor")
def extracted(x: Shape, places: Shape) -> Facts:
    """The features of each row that indices name; of one row alone a matrix of one row."""
    require_axes(x, 1, "ArrayFeatureExtractor")
    before = x[:-1] if len(x) > 1 else (1,)
    return Facts((*before, prod(places)), gradient="none", dtype="first")


@layer(key=f"{_DOMAIN}.FeatureVectorizer", name="FeatureVectorizer")
def vectorized(*tensors: Shape, inputdimensions: Ints | None = None) -> Facts:
    """Features of several tables beside one another."""
    widths = [_rows(one)[1] for one in tensors] if inputdimensions is None else list(inputdimensions)
    total: Dim = 0
    for width in widths:
        total = total + width
    return Facts((_rows(tensors[0])[0] if tensors else UNKNOWN, total), gradient="none", dtype="float32")
