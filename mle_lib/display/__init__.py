"""Figures of one style, each with its alt text, legible on light and dark pages."""

from mle_lib.display.charts import show_bars, show_curves, show_maps, show_views
from mle_lib.display.computations import show_computation
from mle_lib.display.explore import explore
from mle_lib.display.figures import show, show_images
from mle_lib.display.graphs import show_graph
from mle_lib.display.intervals import show_intervals
from mle_lib.display.networks import show_masks, show_running_sum
from mle_lib.display.parabolas import show_parabolas
from mle_lib.display.paths import show_paths
from mle_lib.display.source import show_source
from mle_lib.display.style import COLORS, use_style
from mle_lib.display.tables import compared, table
from mle_lib.display.weights import show_weights

__all__ = [
    "COLORS",
    "compared",
    "explore",
    "show",
    "show_bars",
    "show_computation",
    "show_curves",
    "show_graph",
    "show_images",
    "show_intervals",
    "show_maps",
    "show_masks",
    "show_parabolas",
    "show_paths",
    "show_running_sum",
    "show_source",
    "show_views",
    "show_weights",
    "table",
    "use_style",
]
