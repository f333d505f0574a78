"""Provisioning (mise en place): where a vault is born, who may write into it, and its machines."""
