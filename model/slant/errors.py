"""The tree of errors. One base class is all a caller must catch; none of them knows HTTP.

SlantError
├── InputError               what the caller gave cannot be read
│   ├── ArticleError         an article without text, or with both text and html
│   ├── TargetError          a target that is empty or too long
│   ├── OptionError          a value asked for that is out of its range
│   └── DataError            a data file, or a row of it
├── BundleError              a bundle cannot be used
│   ├── BundleMissing        the folder, or a file of it, is not there
│   ├── BundleDamaged        a file differs from what the manifest says of it
│   ├── BundleUntrusted      the heads hold a type that slant does not load
│   ├── BundleIncompatible   written for another format or other library versions
│   └── SelfTestFailed       it loads, but answers its own test articles wrongly
├── BatchError               a run of batch scoring does not begin, or not end
│   ├── Changed              the input, the bundle or what is asked is not what the run was begun with
│   ├── Locked               another run is at work in the folder
│   └── Incomplete           some pieces cannot be read or written; what is done is kept
├── TrainingError            nothing can be learnt from this data
└── MissingExtra             an optional dependency is not installed
"""

from __future__ import annotations


class SlantError(Exception):
    """Whatever Slant itself refuses or fails at."""


class InputError(SlantError):
    """What the caller gave cannot be read; ``field`` names the part at fault."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class ArticleError(InputError):
    """An article without text, or with both text and html."""


class TargetError(InputError):
    """A target that is empty or too long."""


class OptionError(InputError):
    """A value asked for, such as a confidence, that is out of its range."""


class DataError(InputError):
    """A data file, or one row of it, that does not have the documented form."""


class BundleError(SlantError):
    """A bundle cannot be used."""


class BundleMissing(BundleError):
    """The bundle's folder, or a file that its manifest names, is not there."""


class BundleDamaged(BundleError):
    """A file of the bundle differs from what the manifest says of it."""


class BundleUntrusted(BundleError):
    """The bundle's heads hold a type that is not on the list of trusted types."""


class BundleIncompatible(BundleError):
    """The bundle was written for another format or with other library versions."""


class SelfTestFailed(BundleError):
    """The bundle loads, but does not answer its own test articles as it should."""


class BatchError(SlantError):
    """A run of batch scoring does not begin, or not end."""


class Changed(BatchError):
    """The input, the bundle or what is asked is not what the run was begun with."""


class Locked(BatchError):
    """Another run is at work in the folder."""


class Incomplete(BatchError):
    """Some pieces cannot be read or written; what is done is kept."""


class TrainingError(SlantError):
    """Nothing can be learnt from the data given."""


class MissingExtra(SlantError):
    """An optional dependency is not installed; the message is the line to type."""

    def __init__(self, extra: str, missing: str) -> None:
        super().__init__(f"{missing} is not installed; type: pip install 'slant[{extra}]'")
        self.extra, self.missing = extra, missing

    def __reduce__(self) -> tuple[type[MissingExtra], tuple[str, str]]:
        """Say how it is made again, in another process."""
        return type(self), (self.extra, self.missing)
