"""The two parsers of YAML say the same of the charm's own blueprint, with its lines."""

from coordinator.blueprint import loader, yaml_lines


def test_the_fast_parser_reads_the_own_blueprint_as_the_careful_one_does():
    content = loader.PATH.read_text(encoding="utf-8")
    fast = yaml_lines.read("blueprint.yaml", content, own=True)
    assert fast == yaml_lines.read("blueprint.yaml", content)
