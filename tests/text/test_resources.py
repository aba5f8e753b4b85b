from tinygrad_w2v.text.resources import free_space


def test_space_of_a_folder_that_is_not_there(tmp_path):
    assert free_space(tmp_path / "a" / "b") > 0
