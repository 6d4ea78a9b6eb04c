{ "targets": [{ "target_name": "hour", "sources": ["hour.c"] }] }
