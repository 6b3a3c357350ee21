from desks import desk, shared_desk

__all__ = ["desk", "shared_desk"]
