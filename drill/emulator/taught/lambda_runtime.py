"""Lambda sets in which runtime a function runs, and the SDKs pass it on in their User-Agent: so a function's calls differ
from all others. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
"""

from taught import patches

runtime = patches.ministack("core.lambda_runtime", "execution_credentials")


@patches.wrap(runtime, "execution_credentials")
def _execution_environment(original, config):
    return {**original(config), "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}"}
