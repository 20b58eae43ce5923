"""Nodes that edges connect, directly or not, are one component."""

from pipeline.deduplicate.clusters import component_labels, edges_joining


def test_each_group_becomes_one_component_and_nodes_outside_stay_alone():
    labels = component_labels(6, edges_joining([[3, 5, 1], [0], []]))
    assert labels[1] == labels[3] == labels[5]
    assert len(set(labels)) == 4


def test_no_node_has_no_label():
    assert component_labels(0, []) == []
