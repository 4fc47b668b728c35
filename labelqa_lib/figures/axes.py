"""Axes that make no ticks which nobody asks for: matplotlib's make two for either axis, and its scales are drawn otherwise
(`figures.scales`)."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.axis import XAxis, YAxis, _LazyTickList
from matplotlib.figure import Figure


class _LateTicks(_LazyTickList):
    """Ticks that are made when they are asked for, and clipped as those that were there from the start."""

    def __get__(self, axis, owner):
        made = super().__get__(axis, owner)
        if axis is not None:
            for tick in made:
                tick.set_clip_path(axis.axes.patch)
        return made


class _Late:
    """An axis whose settings and clip path make no ticks, but are those of ticks that are made later."""

    majorTicks = _LateTicks(major=True)  # noqa: N815 (matplotlib's own name)
    minorTicks = _LateTicks(major=False)  # noqa: N815

    def _without_ticks(self, work, *args, **kwargs):
        """Do what goes through all ticks, of which those that are not made yet need nothing."""
        late = {"majorTicks", "minorTicks"} - vars(self).keys()
        vars(self).update((name, []) for name in late)
        try:
            return work(*args, **kwargs)
        finally:
            for name in late:
                vars(self).pop(name, None)

    def set_tick_params(self, which="major", reset=False, **kwargs) -> None:
        self._without_ticks(super().set_tick_params, which, reset, **kwargs)

    def set_clip_path(self, path, transform=None) -> None:
        self._without_ticks(super().set_clip_path, path, transform)


class _XAxis(_Late, XAxis):
    pass


class _YAxis(_Late, YAxis):
    pass


class LateAxes(Axes):
    """Axes with such scales: the same picture, and a third of the time to make them."""

    def _init_axis(self) -> None:
        self.xaxis, self.yaxis = _XAxis(self, clear=False), _YAxis(self, clear=False)
        for spine, axis in (("bottom", self.xaxis), ("top", self.xaxis), ("left", self.yaxis), ("right", self.yaxis)):
            self.spines[spine].register_axis(axis)

    def clear(self) -> None:
        super().clear()
        for spine in self.spines.values():
            spine.get_spine_transform()  # finds its place, which else the first tick asks for


class Sheet(Figure):
    """A figure with such axes."""

    def add_subplot(self, *args, **kwargs) -> Axes:
        return super().add_subplot(*args, **{"axes_class": LateAxes, **kwargs})
