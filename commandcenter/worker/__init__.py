"""The worker: a process of its own that carries out what stewards asked for, on the task queue kept in our PostgreSQL."""
