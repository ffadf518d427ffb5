environment = "development"

lambda_functions = {
  "thumbnails" = {
    role_arn = "arn:aws:iam::111111111111:role/report-reader"
    code = {
      image_uri = "111111111111.dkr.ecr.us-east-1.amazonaws.com/thumbnails@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    }
    tags = { Team = "web" }
  }
}
