package constructs

import (
	"embed"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

//go:embed functions/*.py
var sources embed.FS

// customResource is a resource of our own and the inline function that acts for it. Inline code keeps the templates
// free of assets, so that they can be given to CloudFormation as they are.
type customResource struct {
	Type       string         // "Custom::..."
	Source     string         // file in functions/
	Properties map[string]any // words, not booleans: CloudFormation delivers everything as strings
	// Environment must not depend on the role that the region plays: activation changes no function.
	Environment map[string]string
	Statements  []awsiam.PolicyStatement
	Timeout     time.Duration // of one run, at most Lambda's 15 minutes
}

// newCustomResource creates the resource with its function, log group and role.
func newCustomResource(scope awsconstructs.Construct, custom customResource) awscdk.CustomResource {
	return newResourceOf(newFunction(scope, custom), scope, "Resource", custom)
}

// newResourceOf creates a resource that a function acts for.
func newResourceOf(function awslambda.Function, scope awsconstructs.Construct, id string, custom customResource) awscdk.CustomResource {
	resource := awscdk.NewCustomResource(scope, &id, &awscdk.CustomResourceProps{
		ResourceType: jsii.String(custom.Type),
		ServiceToken: function.FunctionArn(),
		// A minute more than the function has, instead of the hour that CloudFormation waits for a lost answer.
		ServiceTimeout: duration(custom.Timeout + time.Minute),
		Properties:     &custom.Properties,
	})
	// Without it a failed run would be repeated hours later.
	resource.Node().AddDependency(function.Node().FindChild(jsii.String("EventInvokeConfig")))
	// As it is without saying so: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
	for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		resource.Node().DefaultChild().(awscdk.CfnResource).AddDeletionOverride(&policy)
	}
	return resource
}

func newFunction(scope awsconstructs.Construct, custom customResource) awslambda.Function {
	logs := newLogGroup(scope, "Logs", "")
	statements := slices.Concat(custom.Statements, []awsiam.PolicyStatement{allow(
		[]string{"logs:CreateLogStream", "logs:PutLogEvents"}, logs.LogGroupArn())})
	// Not AWSLambdaBasicExecutionRole: it may create log groups, and a late line of output would bring back the one
	// that has just been deleted with the stack.
	role := awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"Act": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
	environment := map[string]*string{}
	for name, value := range custom.Environment {
		environment[name] = jsii.String(value)
	}
	return awslambda.NewFunction(scope, jsii.String("Function"), &awslambda.FunctionProps{
		Runtime:     awslambda.Runtime_PYTHON_3_13(),
		Handler:     jsii.String("index.handler"),
		Code:        awslambda.Code_FromInline(jsii.String(*runtime(scope) + stripped(custom.Source))),
		Timeout:     duration(custom.Timeout),
		MemorySize:  jsii.Number(256),
		Environment: &environment,
		Role:        role,
		LogGroup:    logs,
		// CloudFormation repeats nothing that Lambda drops, and a late event would act on a stack that has moved on.
		RetryAttempts: jsii.Number(0),
		MaxEventAge:   duration(time.Minute),
	})
}

// runtime is what the functions have in common. The template holds it once, as a mapping, and CloudFormation puts it in
// front of each: it takes a template of 51,200 bytes as it is, and a larger one only by way of S3. Its limits
// name none for a mapping's value:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
func runtime(scope awsconstructs.Construct) *string {
	stack, id := awscdk.Stack_Of(scope), jsii.String("Functions")
	functions, there := stack.Node().TryFindChild(id).(awscdk.CfnMapping)
	if !there {
		functions = awscdk.NewCfnMapping(stack, id, &awscdk.CfnMappingProps{
			Mapping: &map[string]*map[string]any{"answer": {"py": stripped("runtime.py")}},
			Lazy:    jsii.Bool(false), // or the CDK suggests to write the text into each function again
		})
	}
	return functions.FindInMap(jsii.String("answer"), jsii.String("py"), nil)
}

// allow grants actions on resources.
func allow(actions []string, resources ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:   jsii.Strings(actions...),
		Resources: &resources,
	})
}

func duration(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}
