package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
)

// NewPrimary creates the stack of the primary's region: the parts that both regions have, and what is made here for
// both: the global cluster, the secret, and the golden image, which this region boots and proves.
func NewPrimary(app awscdk.App, cfg config.Config) awscdk.Stack {
	r := newRegion(app, cfg, config.Primary)
	images := constructs.NewImages(r.stack, "PublishedImage", constructs.ImagesProps{Names: cfg.Names, Region: cfg.Secondary.Name})
	image := constructs.NewImage(r.stack, "Image", imageProps(r, images))
	proof := r.addServer(bootedImage(r.stack, cfg, image), image.Resource)
	published := images.Publish(constructs.PublishedImageProps{
		Image: image, Serves: cfg.ServerImage, Reconcile: plannedReconcile(cfg), After: proof,
	})
	r.output("ImageBaked", published.GetAttString(jsii.String("Baked")))
	return r.stack
}

// bootedImage is the one that has just been baked, or the one that served before.
func bootedImage(stack awscdk.Stack, cfg config.Config, baked constructs.Image) *string {
	if cfg.ServerImage == config.CurrentImage || !cfg.Primary.Active() {
		return baked.ID
	}
	return imageParameter(stack, activation.PreviousImage, cfg.Names.PreviousImageParameter())
}

// plannedReconcile is empty in an unplanned failover, in which the primary asks nothing of the secondary's region.
func plannedReconcile(cfg config.Config) string {
	if cfg.Unplanned() {
		return ""
	}
	return cfg.Reconcile
}
