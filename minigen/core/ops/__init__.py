"""Differentiable operations, one file for each family; class and public function side by side."""
