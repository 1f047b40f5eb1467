"""A replay cut into pairs and months, played in processes of our own or on a Dask cluster."""
