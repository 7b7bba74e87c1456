"""A room for each question that cnnsum answers: what is asked, the records of the answer, and its formats."""
