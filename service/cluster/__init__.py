"""The service on Ray Serve: the same application in replicas, on one machine or many."""
