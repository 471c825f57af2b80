package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
)

// NewPrimary creates the stack of the primary's region: the parts that both regions have, and what is made here for
// both: the global cluster, the secret, and the golden image, which this region boots and proves.
func NewPrimary(app awscdk.App, cfg config.Config) awscdk.Stack {
	r := newRegion(app, cfg, config.Primary)
	image := constructs.NewImage(r.stack, "Image", imageProps(r))
	proof := r.addServer(image.ID, image.Resource)
	constructs.NewPublishedImage(r.stack, "PublishedImage", constructs.PublishedImageProps{
		Names: cfg.Names, Image: image, Region: cfg.Secondary.Name, Reconcile: plannedReconcile(cfg), After: proof,
	})
	return r.stack
}

// plannedReconcile is empty in an unplanned failover, in which the primary asks nothing of the secondary's region.
func plannedReconcile(cfg config.Config) string {
	if cfg.Unplanned() {
		return ""
	}
	return cfg.Reconcile
}
