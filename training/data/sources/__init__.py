"""Where pictures come from: one module for each kind of source, all behind `pictures.Pictures`."""
