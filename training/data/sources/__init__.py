"""Sources of pictures: a module for each kind, all behind `pictures.PictureSource`."""
