"""`S3`, as steps use it: objects of a bucket or a folder, many at once. Nothing here is loaded before a flow uses it."""
