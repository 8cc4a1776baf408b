"""The same training gives the same bytes, so that DVC, git and the registry see no change where there is none."""

from pathlib import Path

import numpy as np
import onnx

from .package import Layout, candidate, data, params, train


def test_same_training_same_files(
    project: Layout, splits: dict[str, data.Split], schema: data.Schema, turned: params.Params, tmp_path: Path
) -> None:
    for name in turned.train.models:
        again = train.train(name, splits, schema, turned.train).candidate
        again.save(tmp_path / name)
        for path in project.candidate(name).iterdir():
            assert (tmp_path / name / path.name).read_bytes() == path.read_bytes(), path.name


def test_order_of_operator_sets_is_no_other_model(project: Layout) -> None:
    exported = candidate.Candidate.read(project.candidate("shallow")).exported
    orders = []
    for added in ((), ("z.first", "a.second"), ("a.second", "z.first")):
        model = onnx.load_from_string(exported)
        model.opset_import.extend(onnx.helper.make_opsetid(domain, 1) for domain in added)
        orders.append(model.SerializeToString())
    assert orders[1] != orders[2]
    assert train.canonical(orders[1]) == train.canonical(orders[2])
    assert train.canonical(orders[0]) == exported


def test_round_trip(tmp_path: Path) -> None:
    written = candidate.Candidate(b"model", {"validation": np.array([0.5]), "test": np.array([0.25, 1.0])})
    written.save(tmp_path)
    read = candidate.Candidate.read(tmp_path)
    assert read.exported == written.exported
    assert {name: list(array) for name, array in read.predictions.items()} == {
        "validation": [0.5],
        "test": [0.25, 1.0],
    }


def test_parameters_are_those_of_params_yaml(turned: params.Params) -> None:
    for name in turned.train.models:
        stated = {"seed": turned.train.seed, **vars(getattr(turned.train, name))}
        assert candidate.parameters_of(name, turned.train) == stated
