"""Step Functions and AWS Batch on this machine, for dry runs: moto's interpreter, mended, with jobs that are real processes.

What it cannot show: permissions, throttling, redrives, and histories that grow too long.
"""
