"""Where a node stands, and what stands there instead, by identity.

docutils' own `index`, `remove`, `replace` and `replace_self` find a child by equality, and two
texts of a paragraph may well be equal: the first one would be changed, wherever the node is. So no
other module of this folder calls them.
"""

from docutils import nodes


def place(node: nodes.Node) -> int:
    """The node's number among the children of its parent."""
    return next(n for n, child in enumerate(node.parent.children) if child is node)


def siblings_before(node: nodes.Node) -> list[nodes.Node]:
    """The children of its parent that stand before the node."""
    return node.parent.children[: place(node)]


def replace(node: nodes.Node, *new: nodes.Node) -> None:
    """Put nodes, or nothing, where the node stands; its ids and classes go to the first of them."""
    if isinstance(node, nodes.Element) and new and isinstance(new[0], nodes.Element):
        new[0].update_basic_atts(node)
    here = place(node)
    node.parent[here : here + 1] = list(new)


def wrap(node: nodes.Node, around: nodes.Element) -> None:
    """Put a node, as it is, into another that stands where it stood."""
    parent, here = node.parent, place(node)
    parent[here : here + 1] = [around]
    around += node


def insert_before(node: nodes.Node, new: nodes.Node) -> None:
    node.parent.insert(place(node), new)


def insert_after(node: nodes.Node, new: nodes.Node) -> None:
    node.parent.insert(place(node) + 1, new)
