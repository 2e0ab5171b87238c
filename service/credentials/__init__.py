"""Content Credentials (C2PA): signing of files, the key and its certificates, reading."""
