"""From Variables to a `Program`: named values, and the steps that compute them."""
