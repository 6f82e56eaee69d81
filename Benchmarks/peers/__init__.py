"""The workloads of `bench`, in other libraries."""
