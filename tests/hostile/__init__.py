"""Files made to do harm, what becomes of each, and a fuzzer that makes more of them."""
