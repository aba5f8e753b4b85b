"""Is every derivative right? `check_grads` and its report; the cases of all ops."""
