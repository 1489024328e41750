"""Where things are kept: state, inbox and history, and the engines that count over them."""
