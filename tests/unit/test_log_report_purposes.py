"""What a log report says each act was for."""

from infohus.kernel.authorization.action import Action
from infohus.whole_case.log_reports.purposes import PURPOSE_OF


class WhenAnActIsAdded:
    def test_a_purpose_is_stated_for_it(self) -> None:
        assert set(PURPOSE_OF) == {action.value for action in Action}
