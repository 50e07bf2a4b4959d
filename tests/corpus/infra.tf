provider "aws" {
  access_key = var.aws_access_key
  secret_key = var.aws_secret_key
}
resource "random_password" "db" { length = 32 }
output "password" { value = random_password.db.result }
data "aws_secretsmanager_secret" "db" {
  arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"
}
