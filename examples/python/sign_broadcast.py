"""A variant of a learning rule: direct feedback alignment that broadcasts signs alone."""

import numpy as np

import biossl


@biossl.register("sign_broadcast_python", "direct feedback alignment with the signs of the top error alone")
class SignBroadcast(biossl.LearningRule):
    """Every block gets R_l sign(e) in place of R_l e: the broadcast says which way, not how far."""

    abbreviation = "sDFA"
    sends_errors = False
    plausibility = biossl.Plausibility(account="The top error is broadcast to every block over fixed random weights.")

    def start(self, setup):
        self.feedback = setup.direct_feedback(np.sign)

    def step(self, images, context):
        return self.feedback.step(images, context)
