"""Keep what lives as long as the server out of garbage collections."""

import gc


def keep_out_of_collections() -> None:
    """Collect once, then never look again at what is there now: libraries, models, services.

    They are some hundred thousand objects. Looking through them stops every request for a tenth of a second, many
    times a minute while documents are searched.
    """
    gc.collect()
    gc.freeze()
