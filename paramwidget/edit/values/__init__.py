"""What was typed or passed, as numbers and indices that a dtype and a shape can hold."""
